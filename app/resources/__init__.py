"""What the network shares: the words of its lexicon, the directory of resources and their corrections."""
