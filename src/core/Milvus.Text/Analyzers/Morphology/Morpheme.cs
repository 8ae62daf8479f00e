using System.Text;

namespace Milvus.Text.Analyzers.Morphology;

/// <summary>A word of a document on its way through the filters of the tokenizer. Offsets are bytes of the document.</summary>
/// <param name="Word">Its number in the lexicon; −1 when it is not there.</param>
/// <param name="Tag">Parts of speech.</param>
/// <param name="Form">The term when it is not what stands in the document.</param>
internal readonly record struct Morpheme(int Start, int End, int Position, int PositionLength, int Word, string Tag, byte[]? Form)
{
    public ReadOnlySpan<byte> Text(ReadOnlySpan<byte> utf8) => Form ?? utf8[Start..End];
}

/// <summary>One of the filters that belong to the tokenizer lindera and see parts of speech. Immutable.</summary>
internal abstract class MorphemeFilter
{
    /// <summary>Changes the words of one document in place.</summary>
    public abstract void Apply(List<Morpheme> words, MorphologyDictionary dictionary, ReadOnlySpan<byte> utf8);
}

/// <summary>Keeps the words with one of some tags, or those without.</summary>
internal sealed class TagFilter(HashSet<string> tags, bool keeps) : MorphemeFilter
{
    public override void Apply(List<Morpheme> words, MorphologyDictionary dictionary, ReadOnlySpan<byte> utf8) =>
        words.RemoveAll(word => tags.Contains(word.Tag) != keeps);
}

/// <summary>Keeps or drops words by the first part of their tags, as Korean filters do.</summary>
internal sealed class FirstTagFilter(HashSet<string> tags, bool keeps) : MorphemeFilter
{
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _tags = tags.GetAlternateLookup<ReadOnlySpan<char>>();

    public override void Apply(List<Morpheme> words, MorphologyDictionary dictionary, ReadOnlySpan<byte> utf8) => words.RemoveAll(word =>
    {
        int comma = word.Tag.IndexOf(',');
        return _tags.Contains(comma < 0 ? word.Tag : word.Tag.AsSpan(0, comma)) != keeps;
    });
}

/// <summary>Joins words that follow each other and all have one of some tags.</summary>
/// <param name="tag">What joined words are.</param>
internal sealed class CompoundFilter(HashSet<string> tags, string tag) : MorphemeFilter
{
    public override void Apply(List<Morpheme> words, MorphologyDictionary dictionary, ReadOnlySpan<byte> utf8)
    {
        int kept = 0;
        bool joins = false;
        foreach (Morpheme word in words.ToArray())
        {
            bool tagged = tags.Contains(word.Tag);
            if (tagged && joins)
            {
                Morpheme left = words[kept - 1];
                words[kept - 1] = left with { End = word.End, PositionLength = left.PositionLength + word.PositionLength, Word = -1, Tag = tag, Form = Join(left, word, utf8) };
            }
            else
            {
                words[kept++] = word;
            }
            joins = tagged;
        }
        words.RemoveRange(kept, words.Count - kept);
    }

    private static byte[]? Join(Morpheme left, Morpheme right, ReadOnlySpan<byte> utf8) =>
        left.Form is null && right.Form is null && left.End == right.Start ? null : [.. left.Text(utf8), .. right.Text(utf8)];
}

/// <summary>Puts another form of the lexicon in a word's place, where it has one.</summary>
/// <param name="reading">The reading; otherwise the base form.</param>
internal sealed class FormFilter(bool reading) : MorphemeFilter
{
    public override void Apply(List<Morpheme> words, MorphologyDictionary dictionary, ReadOnlySpan<byte> utf8)
    {
        for (int i = 0; i < words.Count; i++)
        {
            int word = words[i].Word;
            int form = word < 0 ? -1 : (reading ? dictionary.Readings : dictionary.BaseForms)[word];
            if (form >= 0)
                words[i] = words[i] with { Form = dictionary.Form(form).ToArray() };
        }
    }
}

/// <summary>Takes the long-vowel mark from the end of words in katakana that have more than <paramref name="min"/> characters.</summary>
internal sealed class KatakanaStemFilter(long min) : MorphemeFilter
{
    private static readonly Rune s_prolonged = new('ー');

    public override void Apply(List<Morpheme> words, MorphologyDictionary dictionary, ReadOnlySpan<byte> utf8)
    {
        for (int i = 0; i < words.Count; i++)
        {
            ReadOnlySpan<byte> text = words[i].Text(utf8);
            int count = 0;
            Rune last = default;
            foreach (Rune rune in Encoding.UTF8.GetString(text).EnumerateRunes())
            {
                if (rune.Value is < 0x30A0 or > 0x30FF)
                {
                    count = 0;
                    break;
                }
                count++;
                last = rune;
            }
            if (count > min && last == s_prolonged)
                words[i] = words[i] with { Form = text[..^s_prolonged.Utf8SequenceLength].ToArray() };
        }
    }
}
