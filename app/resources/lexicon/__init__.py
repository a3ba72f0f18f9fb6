"""The lexicon of the network, read and searched; ``curricula/lexique/`` holds its words."""
