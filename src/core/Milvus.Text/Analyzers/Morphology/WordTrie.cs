namespace Milvus.Text.Analyzers.Morphology;

/// <summary>
/// The surfaces of a lexicon as a tree of UTF-16 characters in three arrays: nodes are numbered breadth first, so the children of a node
/// stand side by side in the order of their characters. The root's are found by a table, others by halving. Immutable.
/// </summary>
internal sealed class WordTrie
{
    private readonly int[] _roots = new int[char.MaxValue + 1];
    private readonly char[] _labels;
    private readonly int[] _children;
    private readonly int[] _words;

    /// <param name="surfaces">In ordinal order, each once, none empty.</param>
    public WordTrie(ReadOnlySpan<string> surfaces)
    {
        var labels = new List<char> { '\0' };
        var children = new List<int>();
        var words = new List<int>();
        // What a node stands for: the surfaces [From, To) that begin with its Depth characters.
        var ranges = new List<(int From, int To, int Depth)> { (0, surfaces.Length, 0) };
        for (int node = 0; node < ranges.Count; node++)
        {
            (int from, int to, int depth) = ranges[node];
            children.Add(ranges.Count);
            bool ends = from < to && surfaces[from].Length == depth;
            words.Add(ends ? from : -1);
            if (ends)
                from++;
            while (from < to)
            {
                char label = surfaces[from][depth];
                int end = from + 1;
                while (end < to && surfaces[end][depth] == label)
                    end++;
                if (node == 0)
                    _roots[label] = ranges.Count;
                labels.Add(label);
                ranges.Add((from, end, depth + 1));
                from = end;
            }
        }
        children.Add(ranges.Count);
        _labels = [.. labels];
        _children = [.. children];
        _words = [.. words];
    }

    public long MemoryBytes => (_roots.LongLength + _children.Length + _words.Length) * sizeof(int) + _labels.LongLength * sizeof(char);

    /// <summary>The node one character below.</summary>
    /// <param name="node">0 for the root.</param>
    /// <returns>0 when no surface goes on so.</returns>
    public int Step(int node, char character)
    {
        if (node == 0)
            return _roots[character];
        int from = _children[node], count = _children[node + 1] - from;
        int found = _labels.AsSpan(from, count).BinarySearch(character);
        return found < 0 ? 0 : from + found;
    }

    /// <returns>The number of the surface that ends at a node, or −1.</returns>
    public int SurfaceAt(int node) => _words[node];
}
