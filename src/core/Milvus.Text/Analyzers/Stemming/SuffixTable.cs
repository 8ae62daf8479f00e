namespace Milvus.Text.Analyzers.Stemming;

/// <summary>Suffixes in groups that share a rule. Immutable.</summary>
internal sealed class SuffixTable
{
    private const int Buckets = 32;
    private readonly Entry[][] _entries;

    /// <param name="groups">The suffixes of each group, separated by blanks.</param>
    public SuffixTable(params ReadOnlySpan<string> groups)
    {
        var entries = new List<Entry>[Buckets];
        for (int i = 0; i < Buckets; i++)
            entries[i] = [];
        for (int group = 0; group < groups.Length; group++)
        {
            foreach (string suffix in groups[group].Split(' ', StringSplitOptions.RemoveEmptyEntries))
                entries[suffix[^1] % Buckets].Add(new Entry(suffix, group));
        }
        _entries = [.. entries.Select(bucket => bucket.OrderByDescending(entry => entry.Suffix.Length).ToArray())];
    }

    /// <summary>Finds the longest suffix of the word that begins at or behind a position.</summary>
    /// <param name="length">Letters of the suffix.</param>
    /// <returns>The group of the suffix, or −1.</returns>
    public int Find(in StemWord word, int region, out int length)
    {
        if (word.Length > 0)
        {
            foreach (Entry entry in _entries[word.Last(1) % Buckets])
            {
                length = entry.Suffix.Length;
                if (word.EndsWith(entry.Suffix) && word.IsIn(region, length))
                    return entry.Group;
            }
        }
        length = 0;
        return -1;
    }

    /// <summary>Finds the longest suffix anywhere.</summary>
    public int Find(in StemWord word, out int length) => Find(in word, 0, out length);

    /// <summary>True when the word without its last <paramref name="cut"/> letters ends with one of the suffixes.</summary>
    public bool Matches(in StemWord word, int cut)
    {
        StemWord shorter = word;
        shorter.Cut(Math.Min(cut, word.Length));
        return Find(in shorter, out _) >= 0;
    }

    private readonly record struct Entry(string Suffix, int Group);
}
