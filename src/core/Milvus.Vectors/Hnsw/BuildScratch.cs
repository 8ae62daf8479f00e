namespace Milvus.Vectors;

/// <summary>Working memory of one builder thread.</summary>
internal sealed class BuildScratch
{
    private readonly List<KeyList> _selected = [];

    public HnswScratch Search { get; } = new();

    /// <summary>The row being inserted, and the row whose closeness to others is judged, in the kernels' query form.</summary>
    public PinnedBuffer? Inserted { get; set; }

    public PinnedBuffer? Judged { get; set; }

    /// <summary>How many of <see cref="Selected"/> are diverse, per level.</summary>
    public int[] DiverseCounts { get; } = new int[HnswLevels.Highest + 1];

    /// <summary>A list that gets a link: its diverse links and the others.</summary>
    public KeyList Diverse { get; } = new();

    public KeyList Others { get; } = new();

    /// <summary>The list with the link, and how many of it are diverse.</summary>
    public KeyList Merged { get; } = new();

    public int MergedDiverse { get; set; }

    /// <summary>Candidates passed over for lying closer to a chosen one.</summary>
    public KeyList PassedOver { get; } = new();

    /// <summary>Rows to judge against.</summary>
    public int[] Rows = new int[64];

    /// <summary>Links chosen for the row being inserted, per level.</summary>
    public KeyList Selected(int level)
    {
        while (_selected.Count <= level)
            _selected.Add(new KeyList());
        return _selected[level];
    }
}
