using Milvus.Model;
using Milvus.Vectors;

namespace Milvus.Proxy.Writing;

internal static class SparseChecks
{
    public static void Check(BinaryColumn column)
    {
        for (var row = 0; row < column.Count; row++)
            if (!column.IsNull(row)) SparseRow.Validate(column[row]);
    }
}
