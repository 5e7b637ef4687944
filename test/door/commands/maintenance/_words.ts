export const done = 'Back in service';
