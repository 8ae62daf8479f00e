namespace Milvus.Vectors;

/// <summary>How an HNSW graph is built (Malkov and Yashunin 2016, sections 4 and 5).</summary>
public sealed record HnswParameters
{
    /// <summary>Links per node on the upper levels; level 0 has twice as many. 2…2048.</summary>
    public int M { get; init; } = 30;

    /// <summary>Beam width while building, at least 1.</summary>
    public int EfConstruction { get; init; } = 360;

    /// <summary>Seeds the level of every node: the same rows, parameters and one thread give the same graph.</summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>Threads that build, at least 1.</summary>
    public int Threads { get; init; } = 1;

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(M, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(M, 2048);
        ArgumentOutOfRangeException.ThrowIfLessThan(EfConstruction, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Threads, 1);
    }
}
