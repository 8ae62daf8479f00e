namespace Milvus.Proxy.Access;

/// <summary>What a request on a collection is about to do.</summary>
internal enum ProxyOperation
{
    Insert,
    Upsert,
    Delete,
    Query,
    Search,
    HybridSearch,
    Flush,
}
