using System.Globalization;
using Milvus.Model;

namespace Milvus.Proxy;

/// <summary>Reads parameter texts the way clients write them: Python's <c>True</c>, numbers in invariant form.</summary>
internal static class ParamText
{
    public static bool IsTrue(string? text) => text is not null && (text.Equals("true", StringComparison.OrdinalIgnoreCase) || text == "1");

    /// <summary>Whether rows that are not sealed yet are left out; not when nothing is said.</summary>
    /// <exception cref="MilvusException">1100: the text is no truth value.</exception>
    public static bool IgnoresGrowing(string? text) => text?.ToLowerInvariant() switch
    {
        "true" or "t" or "1" => true,
        null or "" or "false" or "f" or "0" => false,
        _ => throw MilvusException.InvalidParameter("parse ignore growing field failed"),
    };

    public static bool TryInt(string text, out long value) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    public static bool TryNumber(string text, out double value) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);
}
