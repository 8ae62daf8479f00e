using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>How the rows of a graph are coded. The numeric values are persisted: they are frozen.</summary>
public enum RowCoding
{
    /// <summary>Not at all.</summary>
    None = 0,

    /// <summary>4 bits per component.</summary>
    Scalar4 = 1,

    /// <summary>6 bits per component.</summary>
    Scalar6 = 2,

    /// <summary>8 bits per component.</summary>
    Scalar8 = 3,

    /// <summary>IEEE binary16.</summary>
    Float16 = 4,

    /// <summary>bfloat16.</summary>
    BFloat16 = 5,

    /// <summary>Numbers of centroids of parts of the row, in one or several stages.</summary>
    Product = 6,

    /// <summary>The vectors themselves, wherever they are.</summary>
    Exact = 7,
}

internal static class RowCodings
{
    /// <summary>Whether a coding keeps anything beside the vectors.</summary>
    public static bool HasCodes(this RowCoding coding) => coding is not (RowCoding.None or RowCoding.Exact);
}

/// <summary>Codes of a graph's rows that take the place of the vectors while it is searched.</summary>
/// <param name="Coding">Not <see cref="RowCoding.None"/> or <see cref="RowCoding.Exact"/>.</param>
public sealed record RowCodeParameters(RowCoding Coding)
{
    /// <summary>Parts that a row is cut into; for <see cref="RowCoding.Product"/> and 1 otherwise. Divides the dimension.</summary>
    public int Parts { get; init; } = 1;

    /// <summary>Stages, each of which codes what the ones before left over; for <see cref="RowCoding.Product"/> and 1 otherwise.</summary>
    public int Stages { get; init; } = 1;

    /// <summary>Bits of the number of a part's centroid; for <see cref="RowCoding.Product"/> and 0 otherwise.</summary>
    public int Bits { get; init; }

    /// <summary>
    /// What the best candidates are compared by before the hits are chosen, when a search asks for more candidates than hits: codes that are
    /// kept too, or <see cref="RowCoding.Exact"/>. With None the codes of the search choose the hits. Scores are always exact.
    /// </summary>
    public RowCoding Refinement { get; init; }

    /// <summary>True when the codes are so near to the vectors that looking at the vectors until they rule out the rest costs little.</summary>
    internal bool IsFine => Coding is RowCoding.Scalar8 or RowCoding.Float16 or RowCoding.BFloat16;

    /// <exception cref="ArgumentException">No such codes are made.</exception>
    internal void Check(int dimension)
    {
        bool fits = Coding switch
        {
            RowCoding.Product => Parts >= 1 && dimension % Parts == 0 && Stages is >= 1 and <= 16 && Bits is >= 1 and <= ProductQuantiser.MaxBits,
            _ => Coding.HasCodes() && Enum.IsDefined(Coding) && Parts == 1 && Stages == 1 && Bits == 0,
        };
        if (!fits || !Enum.IsDefined(Refinement) || Refinement == RowCoding.Product)
            throw new ArgumentException($"no graph over {dimension} components is searched by {this}");
    }

    /// <summary>With as many bits as <paramref name="rows"/> can teach, which needs some rows per centroid.</summary>
    internal RowCodeParameters For(int rows) => Coding != RowCoding.Product
        ? this
        : this with { Bits = Math.Clamp(System.Numerics.BitOperations.Log2((uint)Math.Max(1, rows / 4)), 1, Bits) };
}
