using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>What AUTOINDEX keeps in memory of the rows of a dense field, from the fastest to the smallest.</summary>
public enum AutoIndexForm
{
    /// <summary>A graph with the 1-bit codes of all neighbours beside the links, and byte codes; the vectors are in a file.</summary>
    NeighbourCodes,

    /// <summary>A graph with byte codes; the vectors are in a file.</summary>
    ByteCodes,

    /// <summary>A graph in a file beside its vectors, a few bytes per row in memory.</summary>
    Disk,
}

/// <summary>
/// Picks the form by data size, dimension and memory. Forms up to <see cref="AutoIndexForm.ByteCodes"/> are decided when a segment is loaded,
/// because one file serves them; <see cref="AutoIndexForm.Disk"/> is another file and decided when it is built.
/// </summary>
public static class AutoIndexPolicy
{
    /// <summary>
    /// Codes of neighbours repeat every row's bits 32 times: for vectors that are small themselves that is out of proportion, whatever
    /// memory there is, and with few components a bit of each says too little. 768 float32 components take 1.42 times the vectors; the
    /// limit lies at 384.
    /// </summary>
    private const double MostShareOfVectors = 1.6;

    /// <summary>One segment in a form takes no more than this share of the memory that is left, so that others find room too.</summary>
    private const double MostShareOfMemory = 0.5;

    /// <summary>Picks a form.</summary>
    /// <param name="rows">Rows of the segment.</param>
    /// <param name="availableBytes">Memory that is left for it and for what comes after it.</param>
    /// <param name="mayUseDisk">Whether an index on disk can be built.</param>
    public static AutoIndexForm Pick(DataType type, int dimension, long rows, long availableBytes, bool mayUseDisk)
    {
        double room = Math.Max(0, availableBytes) * MostShareOfMemory;
        if (dimension > CodedTraversal.WidestInsteadOfSigns
            && BytesPerRow(AutoIndexForm.NeighbourCodes, type, dimension) <= MostShareOfVectors * type.VectorBytes(dimension)
            && rows * (double)BytesPerRow(AutoIndexForm.NeighbourCodes, type, dimension) <= room)
        {
            return AutoIndexForm.NeighbourCodes;
        }

        return !mayUseDisk || rows * (double)BytesPerRow(AutoIndexForm.ByteCodes, type, dimension) <= room ? AutoIndexForm.ByteCodes : AutoIndexForm.Disk;
    }

    /// <summary>What a form keeps in memory per row, links included; 0 for <see cref="AutoIndexForm.Disk"/>, whose codes are small.</summary>
    public static long BytesPerRow(AutoIndexForm form, DataType type, int dimension) => form switch
    {
        AutoIndexForm.NeighbourCodes => GraphMemory.AutoIndexBytes(type, dimension, GraphCodes.Signs),
        AutoIndexForm.ByteCodes => GraphMemory.AutoIndexBytes(type, dimension, GraphCodes.Bytes),
        _ => 0,
    };

    /// <summary>The richest codes that a graph keeps in memory in a form.</summary>
    public static GraphCodes CodesOf(AutoIndexForm form) => form == AutoIndexForm.NeighbourCodes ? GraphCodes.Signs : GraphCodes.Bytes;
}
