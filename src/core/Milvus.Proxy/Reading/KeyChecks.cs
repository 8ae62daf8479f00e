using Milvus.Model;

namespace Milvus.Proxy.Reading;

internal static class KeyChecks
{
    /// <exception cref="MilvusException">1100: keys of the wrong type.</exception>
    public static void RequireType(CollectionSchema schema, PrimaryKeys keys)
    {
        if (keys.Column.Type != schema.PrimaryKey.Type)
            throw schema.PrimaryKey.Type == DataType.Int64
                ? MilvusException.InvalidParameter("primary key is int64, but IDs type mismatch", "int64 IDs", "got other type")
                : MilvusException.InvalidParameter("primary key is varchar, but IDs type mismatch", "string IDs", "got other type");
    }
}
