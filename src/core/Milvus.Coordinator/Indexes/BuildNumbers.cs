using System.Globalization;
using Milvus.Model;

namespace Milvus.Coordinator.Indexes;

/// <summary>Build parameters of indexes as numbers.</summary>
internal static class BuildNumbers
{
    /// <summary>Null when the parameter is missing or no whole number.</summary>
    public static int? Whole(this IndexInfo index, string key) =>
        index.BuildParams.TryGetValue(key, out var text) && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n) ? n : null;
}
