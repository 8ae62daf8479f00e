using System.Globalization;
using Milvus.Model;

namespace Milvus.Api.Import;

/// <summary>Ids of jobs, which REST carries as text.</summary>
internal static class JobIds
{
    /// <exception cref="MilvusException">1100: no number.</exception>
    public static long Parse(string id) => long.TryParse(id, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw MilvusException.InvalidParameter($"parse job id failed: strconv.ParseInt: parsing \"{id}\": invalid syntax");
}
