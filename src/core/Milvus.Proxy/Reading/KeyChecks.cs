using Milvus.Model;

namespace Milvus.Proxy.Reading;

internal static class KeyChecks
{
    /// <exception cref="MilvusException">1100: keys of the wrong type.</exception>
    public static void RequireType(CollectionSchema schema, PrimaryKeys keys)
    {
        if (keys.Column.Type != schema.PrimaryKey.Type)
            throw MilvusException.InvalidParameter("the type of the ids does not match the primary key", schema.PrimaryKey.Type, keys.Column.Type);
    }
}
