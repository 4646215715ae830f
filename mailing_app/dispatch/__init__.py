"""The sending wing: plan, claim, post, judge, record. Its doors: `tick`, and for the fleet `sending` and `lookout`."""
