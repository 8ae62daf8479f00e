namespace Milvus.Text.Analyzers.Stemming;

/// <summary>A step of the Greek stemmer: cuts an ending, and puts a part of it back behind certain words. Immutable.</summary>
internal sealed class GreekRule
{
    private readonly SuffixTable _endings;
    private readonly SuffixTable _whole;
    private readonly SuffixTable _tails;
    private readonly string[] _additions;

    /// <param name="endings">What is cut, separated by blanks; the longest that fits.</param>
    /// <param name="additions">
    /// What is added behind what is left of the word, and the words behind which; where these begin with a hyphen, behind every word
    /// that ends so. Whole words have precedence, then the longest.
    /// </param>
    public GreekRule(string endings, params ReadOnlySpan<(string Addition, string Words)> additions)
    {
        var whole = new string[additions.Length];
        var tails = new string[additions.Length];
        _additions = new string[additions.Length];
        for (int i = 0; i < additions.Length; i++)
        {
            ILookup<bool, string> words = additions[i].Words.Split(' ').ToLookup(word => word[0] == '-', word => word.TrimStart('-'));
            whole[i] = string.Join(' ', words[false]);
            tails[i] = string.Join(' ', words[true]);
            _additions[i] = additions[i].Addition;
        }
        _endings = new SuffixTable(endings);
        _whole = new SuffixTable(whole);
        _tails = new SuffixTable(tails);
    }

    /// <summary>What is added behind all other words.</summary>
    public string Otherwise { get; init; } = "";

    /// <summary>What is left of the word loses two letters more where it ends with one of these and nothing was added.</summary>
    public SuffixTable? Shortened { get; init; }

    /// <summary>
    /// What ends so gives its own place to a second addition when one of the whole words stands before it. Published with three steps, if
    /// hardly meant; no word of the published vocabulary shows it.
    /// </summary>
    public bool AddsTwice { get; init; }

    /// <summary>A word that loses its last letter only, and does not count as cut.</summary>
    public string? Spared { get; init; }

    /// <returns>True when an ending was cut, be it put back or not.</returns>
    public bool Apply(ref StemWord word)
    {
        if (_endings.Find(in word, out int ending) < 0)
            return false;
        if (Spared is not null && word.Letters.SequenceEqual(Spared))
        {
            word.Cut(1);
            return false;
        }
        word.Cut(ending);
        int group = FindWhole(in word, 0), tail = 0;
        if (group < 0)
            group = _tails.Find(in word, out tail);
        if (group >= 0)
        {
            if (AddsTwice && tail > 0 && FindWhole(in word, tail) is >= 0 and int before)
                word.Replace(tail, _additions[before]);
            word.Replace(0, _additions[group]);
        }
        else if (Shortened is not null && Shortened.Find(in word, out _) >= 0)
        {
            word.Cut(2);
        }
        else
        {
            word.Replace(0, Otherwise);
        }
        return true;
    }

    /// <returns>The group of the word without its last <paramref name="cut"/> letters, or −1.</returns>
    private int FindWhole(in StemWord word, int cut)
    {
        StemWord shorter = word;
        shorter.Cut(cut);
        int group = _whole.Find(in shorter, out int length);
        return length == shorter.Length ? group : -1;
    }
}
