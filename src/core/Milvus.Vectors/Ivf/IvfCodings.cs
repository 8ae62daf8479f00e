using Milvus.Model;

namespace Milvus.Vectors;

/// <summary>The one place that maps an index's parameters to what its lists hold.</summary>
internal static class IvfCodings
{
    /// <summary>Codes all rows in the order of the lists.</summary>
    public static IvfCodes Encode(
        VectorStore store, MetricType metric, IvfParameters parameters, VectorStore centroids, IvfLists lists, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return parameters.Coding switch
        {
            IvfCoding.Raw => new RawCodes(store, lists),
            IvfCoding.Scalar => ScalarCodes.Encode(store, metric, parameters, lists, cancellation),
            IvfCoding.Product => ProductCodes.Encode(store, metric, parameters, centroids, lists, cancellation),
            IvfCoding.RaBitQ => RaBitQCodes.Encode(store, metric, parameters, centroids, lists, cancellation),
            _ => throw new ArgumentOutOfRangeException(nameof(parameters), parameters.Coding, "is not a coding"),
        };
    }

    /// <summary>Reads what <see cref="IvfCodes.Write"/> wrote.</summary>
    /// <exception cref="IntegrityException">Damaged.</exception>
    public static IvfCodes Read(
        VectorStore store, MetricType metric, IvfParameters parameters, IvfLists lists, PayloadReader reader, string sourceName) =>
        parameters.Coding switch
        {
            IvfCoding.Raw => new RawCodes(store, lists),
            IvfCoding.Scalar => ScalarCodes.Read(store, metric, parameters, lists, reader, sourceName),
            IvfCoding.Product => ProductCodes.Read(store, metric, parameters, lists, reader, sourceName),
            IvfCoding.RaBitQ => RaBitQCodes.Read(store, metric, parameters, lists, reader, sourceName),
            _ => throw new IntegrityException(sourceName, $"coding {(int)parameters.Coding} of an inverted file is not known"),
        };
}
