import { z } from 'zod';
import { Confirm, either, Id, Option, OptionGroup, plain, text } from './text.ts';

const acting = { action_id: Id.optional(), confirm: Confirm.optional() };
const focusing = { focus_on_load: z.boolean().optional() };

const Button = z.strictObject({
  type: z.literal('button'),
  ...acting,
  text: plain(75),
  url: z.url().max(3000).optional(),
  value: z.string().max(2000).optional(),
  style: z.enum(['primary', 'danger']).optional(),
  accessibility_label: text(75).optional(),
});

const Overflow = z.strictObject({ type: z.literal('overflow'), ...acting, options: z.array(Option).min(1).max(5) });

const StaticSelect = z.strictObject({
  type: z.literal('static_select'),
  ...acting,
  ...focusing,
  placeholder: plain(150).optional(),
  options: z.array(Option).min(1).max(100).optional(),
  option_groups: z.array(OptionGroup).min(1).max(100).optional(),
  initial_option: Option.optional(),
});

const UsersSelect = z.strictObject({
  type: z.literal('users_select'),
  ...acting,
  ...focusing,
  placeholder: plain(150).optional(),
  initial_user: text(255).optional(),
});

const RadioButtons = z.strictObject({
  type: z.literal('radio_buttons'),
  ...acting,
  ...focusing,
  options: z.array(Option).min(1).max(10),
  initial_option: Option.optional(),
});

const Checkboxes = z.strictObject({
  type: z.literal('checkboxes'),
  ...acting,
  ...focusing,
  options: z.array(Option).min(1).max(10),
  initial_options: z.array(Option).min(1).max(10).optional(),
});

const Datepicker = z.strictObject({
  type: z.literal('datepicker'),
  ...acting,
  ...focusing,
  placeholder: plain(150).optional(),
  initial_date: z.iso.date().optional(),
});

export const PlainTextInput = z.strictObject({
  type: z.literal('plain_text_input'),
  action_id: Id.optional(),
  ...focusing,
  placeholder: plain(150).optional(),
  initial_value: z.string().max(3000).optional(),
  multiline: z.boolean().optional(),
  min_length: z.int().min(0).max(3000).optional(),
  max_length: z.int().min(1).max(3000).optional(),
});

export const Image = z.strictObject({
  type: z.literal('image'),
  image_url: z.url().max(3000),
  alt_text: text(2000),
});

const selecting = [StaticSelect, UsersSelect, RadioButtons, Checkboxes, Datepicker] as const;

export const Action = z.discriminatedUnion('type', [Button, Overflow, ...selecting]);
export const Accessory = z.discriminatedUnion('type', [Button, Overflow, Image, ...selecting]);
export const Input = z.discriminatedUnion('type', [PlainTextInput, ...selecting]);
export const ContextElement = z.discriminatedUnion('type', [Image, ...either(3000).options]);
