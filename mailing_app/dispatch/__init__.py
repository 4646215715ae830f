"""The sending wing: plan, claim, post, judge, record. Its door is `tick.Dispatching`."""
