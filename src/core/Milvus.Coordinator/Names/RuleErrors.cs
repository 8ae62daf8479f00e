using Milvus.Model;

namespace Milvus.Coordinator.Names;

/// <summary>Errors of one shape each, so that Milvus' way of writing them is in one place.</summary>
internal static class RuleErrors
{
    public static MilvusException OutOfRange(string message, object actual, object low, object high) =>
        new(ErrorCode.InvalidParameter, $"{message}: invalid parameter[{actual} out of range {low} <= value <= {high}]") { IsInputError = true };

    public static MilvusException IllegalSchema(string collection, string message) =>
        new(ErrorCode.IllegalCollectionSchema, $"{message}: illegal collection schema[collection={collection}]") { IsInputError = true };

    public static MilvusException CollectionLoaded(string collection, string message) =>
        new(ErrorCode.CollectionLoaded, $"{message}: collection already loaded[collection={collection}]");

    public static MilvusException CollectionNotLoaded(string collection) =>
        new(ErrorCode.CollectionNotLoaded, $"collection not loaded[collection={collection}]");

    public static MilvusException PartitionNotFound(string partition) =>
        new(ErrorCode.PartitionNotFound, $"partition not found[partition={partition}]");

    public static MilvusException FieldNotFound(string field) =>
        new(ErrorCode.FieldNotFound, $"field not found[field={field}]") { IsInputError = true };

    public static MilvusException IndexNotFound(string index) => new(ErrorCode.IndexNotFound, $"index not found[indexName={index}]");

    public static MilvusException NoIndex(string collection) => new(ErrorCode.IndexNotFound, $"index not found[collection={collection}]");
}
