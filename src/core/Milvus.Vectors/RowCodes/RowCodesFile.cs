using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>
/// What follows a graph that is searched by row codes: coding, parts, stages, bits, refinement and three zeros (int32 each), the codes, and
/// the codes of the refinement, if it has any.
/// </summary>
internal static class RowCodesFile
{
    private const int Fields = 8;

    public static long Bytes(RowCodeParameters parameters, int dimension, int rows) =>
        (Fields * sizeof(int))
        + RowCodes.BytesOf(parameters.Coding, parameters, dimension, rows)
        + RowCodes.BytesOf(parameters.Refinement, parameters, dimension, rows);

    public static void Write(HnswIndex index, PayloadWriter writer)
    {
        RowCodeParameters parameters = index.Parameters.RowCodes!;
        int[] fields = [(int)parameters.Coding, parameters.Parts, parameters.Stages, parameters.Bits, (int)parameters.Refinement, 0, 0, 0];
        writer.Write(MemoryMarshal.AsBytes(fields.AsSpan()));
        index.RowCodes!.Codes.Write(writer);
        index.Refinement?.Codes.Write(writer);
    }

    /// <param name="payloadBytes">Bytes of all that follows the graph.</param>
    /// <exception cref="IntegrityException">Damaged, or contradicts itself.</exception>
    public static (RowCodeParameters Parameters, RowCodes Codes, RowCodes? Refinement) Read(
        VectorStore store, MetricType metric, long payloadBytes, PayloadReader reader, string sourceName)
    {
        if (payloadBytes < Fields * sizeof(int))
            throw Contradiction(sourceName);
        var fields = new int[Fields];
        reader.Read(MemoryMarshal.AsBytes(fields.AsSpan()));
        var parameters = new RowCodeParameters((RowCoding)fields[0]) { Parts = fields[1], Stages = fields[2], Bits = fields[3], Refinement = (RowCoding)fields[4] };
        try
        {
            parameters.Check(store.Dimension);
        }
        catch (ArgumentException)
        {
            throw Contradiction(sourceName);
        }

        if (Bytes(parameters, store.Dimension, store.Count) != payloadBytes)
            throw Contradiction(sourceName);
        RowCodes codes = RowCodes.Read(store, metric, parameters.Coding, parameters, reader, sourceName);
        RowCodes? refinement = parameters.Refinement.HasCodes() ? RowCodes.Read(store, metric, parameters.Refinement, parameters, reader, sourceName) : null;
        return (parameters, codes, refinement);
    }

    private static IntegrityException Contradiction(string sourceName) => new(sourceName, "the vector index header contradicts itself");
}
