"""Common parts of Office formats (packages, charts, diagrams, equations, symbols), and modules of the Word parser."""
