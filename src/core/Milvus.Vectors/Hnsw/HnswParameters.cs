namespace Milvus.Vectors;

/// <summary>What a graph is searched by.</summary>
public enum GraphCodes
{
    /// <summary>The vectors themselves.</summary>
    None = 0,

    /// <summary>
    /// A byte per component, or per component along the subspace near which the vectors lie, results re-scored by the vectors: a quarter of the
    /// bytes to move or less.
    /// </summary>
    Bytes = 1,

    /// <summary>
    /// A bit per component of all 32 neighbours beside a node's links, nodes re-scored by bytes, results by the vectors. Wants M = 16 and
    /// vectors of more than 256 dimensions that do not lie near a subspace of at most 512; else it is the same as <see cref="Bytes"/>.
    /// </summary>
    Signs = 2,
}

/// <summary>How an HNSW graph is built (Malkov and Yashunin 2016, sections 4 and 5).</summary>
public sealed record HnswParameters
{
    /// <summary>Links per node on the upper levels; level 0 has twice as many. 2…2048.</summary>
    public int M { get; init; } = 30;

    /// <summary>Beam width while building, at least 1.</summary>
    public int EfConstruction { get; init; } = 360;

    /// <summary>Seeds the level of every node: the same rows, parameters and one thread give the same graph.</summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>What distances are taken from while building and searching; types other than float and int8 vectors know only None.</summary>
    public GraphCodes Codes { get; init; } = GraphCodes.None;

    /// <summary>
    /// Codes that are kept with the graph and searched by instead of <see cref="Codes"/>; the graph is built by byte codes. Null for none;
    /// types other than float and int8 vectors know none.
    /// </summary>
    public RowCodeParameters? RowCodes { get; init; }

    /// <summary>Threads that build, at least 1.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>See <see cref="NeighbourSelection{TKernel, TScale}"/>.</summary>
    internal float Alpha { get; init; } = 1;

    internal float Shift { get; init; }

    /// <summary>Rotations need not differ between indexes.</summary>
    internal const ulong RotationSeed = 42;

    /// <summary>What these parameters mean for a type.</summary>
    internal GraphCodes CodesFor(Milvus.Model.DataType type) => CodeSpace.Serves(type) ? Codes : GraphCodes.None;

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(M, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(M, 2048);
        ArgumentOutOfRangeException.ThrowIfLessThan(EfConstruction, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Threads, 1);
    }
}
