using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>Reads the first version of sparse index files: per dimension its rows and values, uncompressed.</summary>
internal static class SparseIndexFileV1
{
    private const string What = "sparse index";

    /// <summary>Reads what stands behind the header, which has been checked.</summary>
    /// <exception cref="IntegrityException">Altered.</exception>
    public static SparseInvertedIndex Read(
        Stream source, string sourceName, uint checksum, MetricType metric, int rowCount, int dimensionCount, int postings)
    {
        var dimensions = new uint[dimensionCount];
        var starts = new int[dimensionCount + 1];
        var rows = new int[postings];
        var values = new float[postings];
        var lengths = new float[metric == MetricType.BM25 ? rowCount : 0];
        checksum = ChecksummedBlocks.Read(source, MemoryMarshal.AsBytes(dimensions.AsSpan()), checksum, sourceName, What);
        checksum = ChecksummedBlocks.Read(source, MemoryMarshal.AsBytes(starts.AsSpan()), checksum, sourceName, What);
        checksum = ChecksummedBlocks.Read(source, MemoryMarshal.AsBytes(rows.AsSpan()), checksum, sourceName, What);
        checksum = ChecksummedBlocks.Read(source, MemoryMarshal.AsBytes(values.AsSpan()), checksum, sourceName, What);
        ChecksummedBlocks.Read(source, MemoryMarshal.AsBytes(lengths.AsSpan()), checksum, sourceName, What);
        return IsSound(rowCount, dimensions, starts, rows)
            ? SparseInvertedIndexBuilder.Compress(metric, rowCount, dimensions, starts, rows, values, lengths)
            : throw SparseIndexFile.Contradicts(sourceName);
    }

    private static bool IsSound(int rowCount, uint[] dimensions, int[] starts, int[] rows)
    {
        if (starts[0] != 0 || starts[^1] != rows.Length)
            return false;
        for (int slot = 0; slot < dimensions.Length; slot++)
        {
            if (slot > 0 && dimensions[slot] <= dimensions[slot - 1] || starts[slot + 1] <= starts[slot] || starts[slot + 1] > rows.Length)
                return false;
            int previous = -1;
            foreach (int row in rows.AsSpan(starts[slot]..starts[slot + 1]))
            {
                if (row <= previous || row >= rowCount)
                    return false;
                previous = row;
            }
        }
        return true;
    }
}
