using System.Collections.Immutable;
using Milvus.Vectors;

namespace Milvus.Segments;

/// <summary>Where the vectors of one field of a sealed segment are while it is loaded, and what its graph is searched by.</summary>
/// <param name="IsMapped">The vectors stay in a file: an index reads those it needs through a mapping.</param>
/// <param name="MostCodes">The richest codes that a graph may keep in memory; an index made for fewer has fewer.</param>
public sealed record FieldPlacement(bool IsMapped, GraphCodes MostCodes = GraphCodes.Signs)
{
    /// <summary>The field's vector index stays in its file, too: links, codes, lists. Codes of neighbours are not in files, so there are none then.</summary>
    public bool IsIndexMapped { get; init; }
}

/// <summary>What of a sealed segment is held in memory while it is loaded.</summary>
public sealed record SegmentPlacement
{
    /// <summary>Everything is in memory.</summary>
    public static SegmentPlacement InMemory { get; } = new();

    /// <summary>Vector fields, lists of vectors included, that are not as <see cref="InMemory"/> has them.</summary>
    public ImmutableDictionary<long, FieldPlacement> Fields { get; init; } = ImmutableDictionary<long, FieldPlacement>.Empty;

    /// <summary>
    /// Directory for copies of vectors that cannot be mapped where they are stored: because they are in a bucket, or not one behind the
    /// other. Without one such vectors are held in memory.
    /// </summary>
    public string? CopyDirectory { get; init; }

    public FieldPlacement Of(long fieldId) => Fields.GetValueOrDefault(fieldId) ?? s_inMemory;

    private static readonly FieldPlacement s_inMemory = new(IsMapped: false);
}
