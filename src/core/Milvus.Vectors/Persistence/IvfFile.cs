using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// The payload of an inverted file: centroids (float32, or bits of binary vectors), sizes of the lists, rows by place, codes; all
/// little-endian; then the codes of the refinement, where there are some. Of the header, M is the number of lists wanted, and the level
/// counts are: lists, coding, bits, parts, bytes of the codes in two halves, and the refinement unless it is left to the codes: then the version is 2, which
/// the first files with a refinement did not say.
/// </summary>
internal static class IvfFile
{
    private const int Fields = 6;
    private const int FieldsWithRefinement = 7;

    public static IndexHeader Describe(IvfIndex index, IndexHeader header) => header with
    {
        FormatVersion = index.Parameters.Refinement is null ? IndexHeader.Version : IndexHeader.VersionWithCodes,
        M = index.Parameters.Lists,
        Seed = index.Parameters.Seed,
        LevelCounts =
        [
            index.Lists.Count, (int)index.Parameters.Coding, index.Parameters.Bits, index.Parameters.Parts, (int)index.Codes.PayloadBytes,
            (int)(index.Codes.PayloadBytes >> 32), .. index.Parameters.Refinement is { } refinement ? (int[])[(int)refinement] : [],
        ],
        PayloadBytes = ((long)index.Lists.Count * index.Centroids.RowBytes) + index.Lists.PayloadBytes + index.Codes.PayloadBytes + (index.Refinement?.PayloadBytes ?? 0),
    };

    public static void Write(IvfIndex index, PayloadWriter writer)
    {
        index.Centroids.Write(writer);
        index.Lists.Write(writer);
        index.Codes.Write(writer);
        index.Refinement?.Write(writer);
        GC.KeepAlive(index);
    }

    /// <exception cref="IntegrityException">Damaged, or contradicts itself.</exception>
    public static IvfIndex Read(IndexHeader header, PayloadReader reader, VectorStore store, string sourceName)
    {
        if (header.LevelCounts.Length is not (Fields or FieldsWithRefinement) || (header.FormatVersion == IndexHeader.VersionWithCodes && header.LevelCounts.Length == Fields))
            throw Contradiction(sourceName);
        int lists = header.LevelCounts[0];
        var parameters = new IvfParameters
        {
            Lists = header.M,
            Coding = (IvfCoding)header.LevelCounts[1],
            Bits = header.LevelCounts[2],
            Parts = header.LevelCounts[3],
            Seed = header.Seed,
            Refinement = header.LevelCounts.Length == FieldsWithRefinement ? (RowCoding)header.LevelCounts[Fields] : null,
        };
        if (lists < 1 || lists > header.Rows || !Fits(parameters, store.Dimension))
            throw Contradiction(sourceName);
        DataType type = store.Type == DataType.BinaryVector ? DataType.BinaryVector : DataType.FloatVector;
        long codes = (uint)header.LevelCounts[4] | ((long)header.LevelCounts[5] << 32);
        long refined = parameters.Refinement is { } coding ? RowCodes.BytesOf(coding, IvfBuilder.NoParts, store.Dimension, header.Rows) : 0;
        long expected = refined + ((long)lists * type.VectorBytes(store.Dimension)) + (((long)lists + header.Rows) * sizeof(int)) + codes;
        if (codes < 0 || header.PayloadBytes != expected)
            throw Contradiction(sourceName);

        VectorStore centroids = reader.TakeRows(type, store.Dimension, lists);
        for (int list = 0; type == DataType.FloatVector && list < lists; list++)
            CheckFinite(MemoryMarshal.Cast<byte, float>(centroids.Row(list)), sourceName);

        IvfLists grouped = IvfLists.Read(reader, lists, header.Rows, sourceName);
        IvfCodes read = IvfCodings.Read(store, header.Metric, parameters, grouped, reader, sourceName);
        if (read.PayloadBytes != codes)
            throw Contradiction(sourceName);
        RowCodes? refinement = refined == 0 ? null : RowCodes.Read(store, header.Metric, parameters.Refinement!.Value, IvfBuilder.NoParts, reader, sourceName);
        return new IvfIndex(store, header.Metric, parameters, centroids, grouped, read, refinement);
    }

    /// <exception cref="IntegrityException">A number is infinite or none.</exception>
    public static void CheckFinite(ReadOnlySpan<float> numbers, string sourceName)
    {
        bool finite = true;
        foreach (float number in numbers)
            finite &= float.IsFinite(number);
        if (!finite)
            throw new IntegrityException(sourceName, "the vector index holds a number that is not finite");
    }

    private static bool Fits(IvfParameters parameters, int dimension)
    {
        try
        {
            parameters.Check(dimension);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static IntegrityException Contradiction(string sourceName) => new(sourceName, "the vector index header contradicts itself");
}
