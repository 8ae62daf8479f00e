using System.Globalization;

namespace Milvus.Proxy;

/// <summary>Reads parameter texts the way clients write them: Python's <c>True</c>, numbers in invariant form.</summary>
internal static class ParamText
{
    public static bool IsTrue(string? text) => text is not null && (text.Equals("true", StringComparison.OrdinalIgnoreCase) || text == "1");

    public static bool TryInt(string text, out long value) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    public static bool TryNumber(string text, out double value) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);
}
