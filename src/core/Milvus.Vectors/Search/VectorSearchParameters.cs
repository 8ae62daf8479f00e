namespace Milvus.Vectors;

/// <summary>What one vector search asks for. Ranges and their messages are checked where requests are validated.</summary>
/// <param name="K">Rows wanted per query, at least 1.</param>
public readonly record struct VectorSearchParameters(int K)
{
    /// <summary>Beam width of HNSW; null takes max(K, 16), or max(K, 512) in a range search. Values below K act as K.</summary>
    public int? Ef { get; init; }

    /// <summary>Lists of an inverted file that are searched; null takes 8.</summary>
    public int? Nprobe { get; init; }

    /// <summary>Candidates per wanted row that a quantised index compares again by the vectors themselves, at least 1; null lets the index choose.</summary>
    public float? RefineFactor { get; init; }

    /// <summary>Range searches of an inverted file end after so many lists in a row without a hit; null takes 2.</summary>
    public int? MaxEmptyLists { get; init; }

    /// <summary>Bits per component that a query is rounded to before RaBitQ codes are estimated by it, 1…8; null or 0 does not round it.</summary>
    public int? QueryBits { get; init; }

    /// <summary>
    /// Whether candidates of an index of MinHash signatures are compared by their signatures, <see cref="RefineFactor"/> × K of them; false ranks
    /// them by the bands they share with the query. Null compares all of them.
    /// </summary>
    public bool? ComparesSignatures { get; init; }

    /// <summary>Nodes of a graph on disk that are read at a time; null takes the index's own number.</summary>
    public int? BeamWidth { get; init; }

    /// <summary>The exclusive outer bound of a range search, as a score of the metric.</summary>
    public float? Radius { get; init; }

    /// <summary>The inclusive inner bound of a range search, as a score of the metric.</summary>
    public float? RangeFilter { get; init; }

    /// <summary>True when either bound is set.</summary>
    public bool IsRangeSearch => Radius is not null || RangeFilter is not null;
}
