"""The command line: `main` runs a command, `arguments` lists all commands, and each other module is one command or a
helper.
"""
