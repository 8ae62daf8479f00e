using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// How a graph on disk is built and kept (Subramanya et al., "DiskANN", NeurIPS 2019). Budgets are given as Milvus gives them: as a share
/// of the vectors' bytes, or in bytes.
/// </summary>
public sealed record DiskGraphParameters
{
    /// <summary>Links per node, R of the paper: 1…2048, rounded up to an even number of at least 4.</summary>
    public int MaxDegree { get; init; } = 56;

    /// <summary>Beam width while building, L of the paper, at least 1.</summary>
    public int BuildList { get; init; } = 100;

    /// <summary>A link is passed over when another one is nearer to its target by this factor: α of the paper, at least 1.</summary>
    public float Alpha { get; init; } = 1;

    /// <summary>Bytes of compressed vectors in memory, as a share of the vectors' bytes.</summary>
    public double CodeRatio { get; init; } = 0.125;

    /// <summary>Bytes of compressed vectors in memory; comes before <see cref="CodeRatio"/>.</summary>
    public long? CodeBytes { get; init; }

    /// <summary>Bytes of nodes around the entry that are kept in memory, as a share of the vectors' bytes.</summary>
    public double CacheRatio { get; init; } = 0.1;

    /// <summary>Bytes of nodes kept in memory; comes before <see cref="CacheRatio"/>.</summary>
    public long? CacheBytes { get; init; }

    /// <summary>AISAQ: a node holds the codes of its neighbours, and none are in memory.</summary>
    public bool InlineCodes { get; init; }

    /// <summary>Rows whose codes are in memory so that a search starts at the nearest of them; 0 starts at the row nearest to the mean. 0…1000.</summary>
    public int EntryPoints { get; init; } = 256;

    /// <summary>The same rows, parameters and one thread give the same file.</summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>Threads that build, at least 1.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>What AISAQ takes when nothing is said: no cache, a hundred entries.</summary>
    public static DiskGraphParameters AllOnDisk { get; } = new() { InlineCodes = true, EntryPoints = 100, CacheRatio = 0 };

    internal int Degree => Math.Clamp((MaxDegree + 1) & ~1, 4, 2048);

    internal int M => Degree / 2;

    /// <summary>
    /// Bits per component of the codes: the most that the budget allows, or that take no more bytes than one. Beside links they stay small: each is
    /// there once per link.
    /// </summary>
    internal int BitsFor(DataType type, int dimension, int rows)
    {
        double budget = InlineCodes ? 0 : CodeBytes is { } bytes ? (double)bytes / Math.Max(1, rows) : CodeRatio * type.VectorBytes(dimension);
        budget = Math.Max(budget, DiskCodes.PackedBytes(dimension, 1));
        foreach (int bits in (ReadOnlySpan<int>)[4, 2])
        {
            if (DiskCodes.PackedBytes(dimension, bits) <= budget)
                return bits;
        }

        return 1;
    }

    internal long CacheBudget(DataType type, int dimension, int rows) =>
        CacheBytes ?? (long)(Math.Min(1, CacheRatio) * type.VectorBytes(dimension) * rows);

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxDegree, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxDegree, 2048);
        ArgumentOutOfRangeException.ThrowIfLessThan(BuildList, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Threads, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(EntryPoints);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(EntryPoints, 1000);
        if (!(Alpha >= 1) || !(CodeRatio >= 0) || !(CacheRatio >= 0))
            throw new ArgumentOutOfRangeException(nameof(Alpha), "alpha is at least 1, and shares are not negative");
    }
}
