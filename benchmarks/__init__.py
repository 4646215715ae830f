"""Figures for the documents: measured with real processes over loopback, printed, judged by nobody."""
