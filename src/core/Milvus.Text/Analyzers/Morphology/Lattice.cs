using System.Runtime.InteropServices;

namespace Milvus.Text.Analyzers.Morphology;

/// <summary>One word of a path. Places are UTF-16 characters; <paramref name="Word"/> is its number in the lexicon or −1.</summary>
internal readonly record struct LatticeWord(int Start, int End, int Word);

/// <summary>
/// Cuts text into the words whose own costs and costs of neighbourhood have the least sum: the lattice of all words that occur is
/// filled from left to right and the best path read back (Kudo, Yamamoto, Matsumoto: Applying conditional random fields to Japanese
/// morphological analysis, 2004). Characters that make words outside the lexicon do it as <c>char.def</c> says, as in MeCab. Scratch
/// memory for one text at a time.
/// </summary>
internal sealed class Lattice
{
    // A run of characters longer than this makes no single unknown word, as in MeCab.
    private const int MaxGroup = 24;

    // What decomposition adds per character above a length.
    private const int KanjiLength = 2, KanjiPenalty = 3000, OtherLength = 7, OtherPenalty = 1700;

    private const int MaxKeptNodes = 1 << 18;

    private readonly List<Node> _nodes = [];
    private readonly List<(int End, int Word, LexiconWord Entry)> _candidates = [];
    private int[] _ending = [];

    /// <param name="Before">The best word before it; −1 at the start.</param>
    /// <param name="NextEnding">Another word that ends at the same place; −1 for none.</param>
    private readonly record struct Node(int Cost, int Before, int NextEnding, int Start, int End, int Word, ushort RightId);

    /// <summary>Appends the words of a text to a list.</summary>
    /// <param name="text">One sentence; places in the result count from its start.</param>
    /// <param name="decompose">Make long words dear, so that compounds fall into their parts.</param>
    public void Cut(MorphologyDictionary dictionary, ReadOnlySpan<char> text, bool decompose, List<LatticeWord> path)
    {
        if (_ending.Length <= text.Length)
            _ending = new int[Math.Max(256, text.Length + 1)];
        Span<int> ending = _ending.AsSpan(0, text.Length + 1);
        ending.Fill(-1);
        _nodes.Clear();
        _nodes.Add(new Node(0, -1, -1, 0, 0, -1, 0));
        ending[0] = 0;
        int last = 0;
        for (int at = 0; at < text.Length; at++)
        {
            if (ending[at] < 0)
                continue;
            last = at;
            int start = SkipSpaces(dictionary, text, at);
            if (start == text.Length)
                break;
            _candidates.Clear();
            AddKnown(dictionary, text, start);
            AddUnknown(dictionary, text, start);
            // Where sums are equal the order decides, as in MeCab: the last made comes first.
            for (int i = _candidates.Count - 1; i >= 0; i--)
                Connect(dictionary, text, ending, at, start, i, decompose);
        }
        if (ending[text.Length] >= 0)
            last = text.Length;
        ReadBack(Best(dictionary, ending[last], 0).Node, path);
        Trim();
    }

    private static int SkipSpaces(MorphologyDictionary dictionary, ReadOnlySpan<char> text, int at)
    {
        uint space = 1u << dictionary.Characters.Space;
        while (at < text.Length && (dictionary.Characters.KindsOf(text[at]) & space) != 0)
            at++;
        return at;
    }

    private static int Width(ReadOnlySpan<char> text, int at) =>
        char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]) ? 2 : 1;

    private void AddKnown(MorphologyDictionary dictionary, ReadOnlySpan<char> text, int start)
    {
        int node = 0;
        for (int end = start; end < text.Length;)
        {
            node = dictionary.Trie.Step(node, text[end++]);
            if (node == 0)
                return;
            int surface = dictionary.Trie.SurfaceAt(node);
            if (surface < 0)
                continue;
            for (int word = dictionary.FirstWords[surface]; word < dictionary.FirstWords[surface + 1]; word++)
                _candidates.Add((end, word, dictionary.Words[word]));
        }
    }

    private void AddUnknown(MorphologyDictionary dictionary, ReadOnlySpan<char> text, int start)
    {
        CharacterTable characters = dictionary.Characters;
        int number = characters.CategoryOf(text[start]);
        CharacterCategory category = characters.Categories[number];
        bool known = _candidates.Count > 0;
        if (known && !category.Invoke)
            return;
        int first = _candidates.Count, afterOne = start + Width(text, start), group = -1;
        if (category.Group)
        {
            // Each character has to share a kind with the one before it.
            uint kinds = characters.KindsOf(text[start]);
            int end = afterOne, more = 0;
            for (uint next; end < text.Length && (kinds & (next = characters.KindsOf(text[end]))) != 0; more++)
            {
                kinds = next;
                end += Width(text, end);
            }
            if (more <= MaxGroup)
                AddUnknown(dictionary, number, end);
            group = end;
        }
        uint own = characters.KindsOf(text[start]);
        for (int i = 1, end = afterOne; i <= category.Length && end != group; i++)
        {
            AddUnknown(dictionary, number, end);
            if (end >= text.Length || (own & characters.KindsOf(text[end])) == 0)
                break;
            end += Width(text, end);
        }
        if (!known && _candidates.Count == first)
            AddUnknown(dictionary, number, afterOne);
    }

    private void AddUnknown(MorphologyDictionary dictionary, int category, int end)
    {
        foreach (LexiconWord word in dictionary.Unknown[category])
            _candidates.Add((end, -1, word));
    }

    private void Connect(MorphologyDictionary dictionary, ReadOnlySpan<char> text, Span<int> ending, int at, int start, int candidate, bool decompose)
    {
        (int end, int word, LexiconWord entry) = _candidates[candidate];
        (int before, int cost) = Best(dictionary, ending[at], entry.LeftId);
        cost += entry.Cost;
        if (decompose)
            cost += Penalty(text[start..end]);
        _nodes.Add(new Node(cost, before, ending[end], start, end, word, entry.RightId));
        ending[end] = _nodes.Count - 1;
    }

    /// <summary>The cheapest of the words that end at one place to go on from.</summary>
    private (int Node, int Cost) Best(MorphologyDictionary dictionary, int node, int leftId)
    {
        ReadOnlySpan<short> costs = dictionary.Connections.AsSpan(leftId * dictionary.LeftCount, dictionary.LeftCount);
        ReadOnlySpan<Node> nodes = CollectionsMarshal.AsSpan(_nodes);
        int best = -1, least = int.MaxValue;
        for (; node >= 0; node = nodes[node].NextEnding)
        {
            ref readonly Node left = ref nodes[node];
            int cost = left.Cost + costs[left.RightId];
            if (cost < least)
                (best, least) = (node, cost);
        }
        return (best, least);
    }

    private static int Penalty(ReadOnlySpan<char> surface)
    {
        if (surface.Length <= KanjiLength)
            return 0;
        if (!surface.ContainsAnyExceptInRange('\u3400', '\u9FAF') && !surface.ContainsAnyInRange('\u4DC0', '\u4DFF'))
            return (surface.Length - KanjiLength) * KanjiPenalty;
        return Math.Max(0, surface.Length - OtherLength) * OtherPenalty;
    }

    private void ReadBack(int node, List<LatticeWord> path)
    {
        int first = path.Count;
        // Node 0 is the start of the text.
        for (; node > 0; node = _nodes[node].Before)
            path.Add(new LatticeWord(_nodes[node].Start, _nodes[node].End, _nodes[node].Word));
        path.Reverse(first, path.Count - first);
    }

    private void Trim()
    {
        if (_nodes.Capacity <= MaxKeptNodes)
            return;
        _nodes.Clear();
        _nodes.Capacity = 1024;
        _ending = [];
    }
}
