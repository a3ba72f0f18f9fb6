"""The processes of ``escouade serve``: one supervisor, the generations that it starts, the workers that they fork.

The supervisor has nothing of the application in memory. A generation has loaded all of it, so that its workers share
those pages and start at once; a reload starts another generation, with the code and the settings of that moment.
"""
