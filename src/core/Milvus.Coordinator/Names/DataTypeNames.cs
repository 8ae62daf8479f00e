using Milvus.Model;

namespace Milvus.Coordinator.Names;

/// <summary>Types as Milvus spells them in messages.</summary>
public static class DataTypeNames
{
    public static string Spelled(this DataType type) => type == DataType.Json ? "JSON" : type.ToString();
}
