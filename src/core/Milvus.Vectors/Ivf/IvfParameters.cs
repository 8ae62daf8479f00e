namespace Milvus.Vectors;

/// <summary>What the lists of an inverted file hold of their rows. The numeric values are persisted: they are frozen.</summary>
public enum IvfCoding
{
    /// <summary>The rows as they are.</summary>
    Raw = 0,

    /// <summary>Every component as an integer of 4, 6 or 8 bits.</summary>
    Scalar = 1,

    /// <summary>Numbers of centroids of parts of the row.</summary>
    Product = 2,

    /// <summary>Signs of the rotated row, or integers of up to nine bits.</summary>
    RaBitQ = 3,
}

/// <summary>How an inverted file is built (Sivic and Zisserman 2003; Jégou, Douze and Schmid 2011 for coded lists).</summary>
public sealed record IvfParameters
{
    /// <summary>Rows that a list should hold on average at least: small segments get fewer lists.</summary>
    internal const int LeastRowsPerList = 39;

    /// <summary>Lists wanted, 1…65536.</summary>
    public int Lists { get; init; } = 128;

    /// <summary>What the lists hold.</summary>
    public IvfCoding Coding { get; init; }

    /// <summary>Scalar: 4, 6 or 8 per component. Product: 1…12 per part. RaBitQ: 1…9 per component. Unused for raw rows.</summary>
    public int Bits { get; init; } = 8;

    /// <summary>Product: parts of a row, a divisor of the dimension.</summary>
    public int Parts { get; init; } = 1;

    /// <summary>
    /// What candidates are compared by before the hits are chosen: codes that are kept too, or <see cref="RowCoding.Exact"/> for the vectors. With
    /// <see cref="RowCoding.None"/> the lists' codes choose the hits, whatever factor a search asks for. Null leaves it to the codes: those whose errors are known
    /// have everything compared by the vectors that they don't rule out. Scores are those of the vectors in any case.
    /// </summary>
    public RowCoding? Refinement { get; init; }

    /// <summary>Seeds clustering and rotation: the same rows and parameters give the same index, whatever the number of threads.</summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>Threads that build, at least 1.</summary>
    public int Threads { get; init; } = 1;

    internal int ListsFor(int rows) => Math.Clamp(rows / LeastRowsPerList, 1, Lists);

    internal void Check(int dimension)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Lists, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Lists, 65536);
        ArgumentOutOfRangeException.ThrowIfLessThan(Threads, 1);
        bool fits = Coding switch
        {
            IvfCoding.Raw => true,
            IvfCoding.Scalar => Bits is 4 or 6 or 8,
            IvfCoding.Product => Bits is >= 1 and <= 12 && Parts >= 1 && dimension % Parts == 0,
            IvfCoding.RaBitQ => Bits is >= 1 and <= 9,
            _ => false,
        };
        fits &= Refinement is not { } refinement || (Coding != IvfCoding.Raw && Enum.IsDefined(refinement) && refinement != RowCoding.Product);
        if (!fits)
            throw new ArgumentException($"no inverted file of {Coding} with {Bits} bits and {Parts} parts over dimension {dimension}, refined by {Refinement}");
    }
}
