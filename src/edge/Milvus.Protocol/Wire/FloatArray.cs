namespace Milvus.Protocol.Schema;

/// <summary>What the contract's code generator cannot know of lists of floats: that their values may stay where they arrived.</summary>
public sealed partial class FloatArray
{
    /// <summary>
    /// The values as one block of little-endian floats, in place of <see cref="Data"/>, which is empty then; set by readers that leave values in the request's
    /// own bytes. Not written, compared or copied by what the generator made.
    /// </summary>
    public ReadOnlyMemory<byte> Packed { get; set; }

    /// <summary>Values, wherever they are.</summary>
    public int Length => Packed.IsEmpty ? Data.Count : Packed.Length / sizeof(float);
}
