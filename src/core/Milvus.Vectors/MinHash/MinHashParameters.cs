namespace Milvus.Vectors;

/// <summary>How MinHash signatures are laid out and looked up.</summary>
public sealed record MinHashParameters
{
    /// <summary>Bits of one element of a signature, a multiple of 8 up to 256.</summary>
    public int ElementBits { get; init; } = 8;

    /// <summary>
    /// Bands that signatures are cut into; rows that agree with the query in all elements of a band are candidates. 0 compares every row.
    /// </summary>
    public int Bands { get; init; } = 1;

    /// <summary>Whether rows of so many bits can be cut like this.</summary>
    public bool Fits(int dimension) =>
        ElementBits is >= 8 and <= 256 && ElementBits % 8 == 0 && dimension % ElementBits == 0 && Bands >= 0
        && (Bands == 0 || (dimension / ElementBits) % Bands == 0);
}
