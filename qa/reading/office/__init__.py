"""What Office formats have in common: packages, charts, diagrams, equations, symbols; and the parts of Word's."""
