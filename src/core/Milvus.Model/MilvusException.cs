namespace Milvus.Model;

/// <summary>
/// A failure that the caller is told about with its Milvus code. The message is the text clients match on; the edge maps the code
/// to the legacy error code in one table.
/// </summary>
public class MilvusException : Exception
{
    public MilvusException(ErrorCode code, string message, Exception? inner = null)
        : base(message, inner) => Code = code;

    /// <summary>The canonical Milvus code (<c>Status.code</c>).</summary>
    public ErrorCode Code { get; }

    /// <summary>True when the same request may succeed later.</summary>
    public virtual bool IsRetriable => Code.IsRetriable();

    /// <summary>True when the caller made the mistake.</summary>
    public bool IsInputError { get; init; }

    /// <summary>1100: <c>{message}: invalid parameter</c> — the sentinel stands last, as in Milvus.</summary>
    public static MilvusException InvalidParameter(string message) =>
        new(ErrorCode.InvalidParameter, message + ": invalid parameter") { IsInputError = true };

    /// <summary>1100 with expected and actual values: <c>{message}: invalid parameter[expected=…][actual=…]</c>.</summary>
    public static MilvusException InvalidParameter(string message, object expected, object actual) =>
        new(ErrorCode.InvalidParameter, $"{message}: invalid parameter[expected={expected}][actual={actual}]") { IsInputError = true };
}

/// <summary>
/// Stored bytes are not what was written: a checksum or a structural check failed. Stops the part that met it, never the process.
/// </summary>
public class IntegrityException : Exception
{
    /// <param name="source">The file, object or log position, so that an operator finds it.</param>
    public IntegrityException(string source, string problem, Exception? inner = null)
        : base($"{source}: {problem}", inner) => DamagedSource = source;

    public string DamagedSource { get; }
}
