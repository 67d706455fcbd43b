"""What crosses a process boundary in Anju, and nothing else.

Every producer and every consumer imports these modules; none of them imports anything of Anju.
"""
