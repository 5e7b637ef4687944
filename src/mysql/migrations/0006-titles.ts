/** A plan's title, so that a card that shows no more of its plan need not read all of it. */
export const titles = [
  'ALTER TABLE job ADD COLUMN title TEXT NULL',
  "UPDATE job SET title = JSON_UNQUOTE(JSON_EXTRACT(plan, '$.title')) WHERE JSON_VALID(plan)",
];
