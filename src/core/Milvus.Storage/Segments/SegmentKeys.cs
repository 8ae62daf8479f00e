using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Milvus.Model;

namespace Milvus.Storage.Segments;

/// <summary>Where the objects of sealed segments live. Frozen: manifests name these keys.</summary>
public static class SegmentKeys
{
    /// <summary>The prefix of every segment object; garbage collection compares what is below it with the manifests.</summary>
    public const string Root = "segments/";

    private const string TermsMark = ".terms-";

    /// <summary>Raised when analyzers of the same parameters begin to make other terms.</summary>
    private const int AnalysisVersion = 1;

    public static string Collection(long collectionId) => string.Create(CultureInfo.InvariantCulture, $"{Root}{collectionId}/");

    public static string Partition(long collectionId, long partitionId) =>
        string.Create(CultureInfo.InvariantCulture, $"{Root}{collectionId}/{partitionId}/");

    public static string Segment(long collectionId, long partitionId, long segmentId) =>
        string.Create(CultureInfo.InvariantCulture, $"{Root}{collectionId}/{partitionId}/{segmentId}/");

    /// <summary>The column file of one field; system columns use their <see cref="FieldIds"/>.</summary>
    public static string Column(long collectionId, long partitionId, long segmentId, long fieldId) =>
        string.Create(CultureInfo.InvariantCulture, $"{Root}{collectionId}/{partitionId}/{segmentId}/{fieldId}.col");

    /// <summary>The file of one index over one field.</summary>
    public static string Index(long collectionId, long partitionId, long segmentId, long fieldId, long indexId) =>
        string.Create(CultureInfo.InvariantCulture, $"{Root}{collectionId}/{partitionId}/{segmentId}/{fieldId}-{indexId}.idx");

    /// <summary>
    /// The terms of an analysed text column. No manifest names the object: it can be made of the column again, and lives as long as the column's file
    /// (<see cref="OwnerOf"/>).
    /// </summary>
    /// <param name="columnKey">The column's file.</param>
    /// <param name="analyzer">The text of the analyzer's parameters: other analyzers make other terms.</param>
    public static string Terms(string columnKey, string analyzer)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{AnalysisVersion}\n{analyzer}"));
        return $"{columnKey}{TermsMark}{Convert.ToHexStringLower(hash.AsSpan(0, 8))}";
    }

    /// <summary>The object that an object lives and goes with: the column's file of its terms, else itself.</summary>
    public static string OwnerOf(string key) => key.IndexOf(TermsMark, StringComparison.Ordinal) is > 0 and var at ? key[..at] : key;
}
