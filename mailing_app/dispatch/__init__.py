"""The sending wing: plan, claim, post, judge, record. Its door is `tick`, for the fleet also `sending` and `lookout`.
"""
