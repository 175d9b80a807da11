/** What one can say without words. */
export const EMOJI = ['👍', '👏', '❤️', '😂', '😮', '🎉', '🙏', '🤔'];
