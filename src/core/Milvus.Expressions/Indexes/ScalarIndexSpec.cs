using System.Collections.Immutable;

namespace Milvus.Expressions.Indexes;

/// <summary>What a scalar index is made of. The values are part of its file: frozen.</summary>
public enum ScalarIndexKind : byte
{
    /// <summary>Distinct values in order, each with the list of its rows.</summary>
    Inverted = 1,

    /// <summary>Distinct values in order, each with a bitmap or, where that is smaller, a list of its rows.</summary>
    Bitmap = 2,

    /// <summary>All values in order, each with its row.</summary>
    Sorted = 3,

    /// <summary>As <see cref="Inverted"/>, for text; its dictionary shares prefixes, as every text dictionary here does.</summary>
    Trie = 4,

    /// <summary>Character n-grams of text, each with the list of its rows.</summary>
    Ngram = 5,

    /// <summary>Boxes of geometries in a packed R-tree.</summary>
    RTree = 6,

    /// <summary>Every scalar of a JSON document with its path.</summary>
    Document = 7,

    /// <summary>Terms of analysed text; made in memory for fields with enable_match, never stored.</summary>
    Text = 8,
}

/// <summary>What an index on a JSON path takes the values for. The values are part of its file: frozen.</summary>
public enum JsonCast : byte
{
    /// <summary>No JSON field.</summary>
    None = 0,
    Bool = 1,
    Double = 2,
    Text = 3,
    BoolArray = 4,
    DoubleArray = 5,
    TextArray = 6,

    /// <summary>Everything below the path; kind <see cref="ScalarIndexKind.Document"/>.</summary>
    Document = 7,
}

/// <summary>What to build over a column.</summary>
public sealed record ScalarIndexSpec(ScalarIndexKind Kind)
{
    /// <summary>Most distinct values for which <see cref="ForFewValues"/> is taken when there is no other limit.</summary>
    public const int DefaultBitmapLimit = 100;

    /// <summary>The keys of the path into a JSON column; empty for other columns and for whole documents.</summary>
    public ImmutableArray<string> Path { get; init; } = [];

    public JsonCast Cast { get; init; }

    /// <summary>Shortest n-gram in characters.</summary>
    public int MinGram { get; init; }

    /// <summary>Longest n-gram in characters.</summary>
    public int MaxGram { get; init; }

    /// <summary>Built instead where there are at most so many distinct values; 0 for never.</summary>
    public int BitmapLimit { get; init; }

    /// <summary>The name that clients know the kind by.</summary>
    public string KindName => NameOf(Kind);

    public static string NameOf(ScalarIndexKind kind) => kind switch
    {
        ScalarIndexKind.Inverted or ScalarIndexKind.Document => "INVERTED",
        ScalarIndexKind.Bitmap => "BITMAP",
        ScalarIndexKind.Sorted => "STL_SORT",
        ScalarIndexKind.Trie => "Trie",
        ScalarIndexKind.Ngram => "NGRAM",
        ScalarIndexKind.Text => "TEXT",
        _ => "RTREE",
    };
}
