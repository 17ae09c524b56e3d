/* What bad_dependency needs. */
int of_the_dependency(void);
int of_the_dependency(void) { return 1; }
