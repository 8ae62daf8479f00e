using Milvus.Model;

namespace Milvus.Proxy.Writing;

/// <summary>Values that the server makes by itself unless a property of the collection lets clients give them.</summary>
public static class GivenValues
{
    private const string AllowInsertAutoId = "allow_insert_auto_id";
    private const string AllowOutputs = "collection.function.allowInsertNonBM25FunctionOutputs";

    /// <summary>True when clients may choose the values of an automatic primary key.</summary>
    public static bool MayBeAutoId(CollectionInfo collection) => ParamText.IsTrue(collection.Property(AllowInsertAutoId));

    /// <summary>True when clients may give what a function computes: terms of BM25 are the server's own, vectors of other functions may be known already.</summary>
    public static bool MayBeOutput(CollectionInfo collection, FieldSchema field) =>
        ParamText.IsTrue(collection.Property(AllowOutputs)) && collection.Schema.FunctionOf(field)?.Type is not (null or FunctionType.BM25);
}
