using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Milvus.Storage.Minio.Requests;

/// <summary>
/// Some S3 servers answer without the namespace of S3 or with an older one. The client then finds no element it knows and takes a listing
/// for an empty one, so the namespace is put right.
/// </summary>
internal static class AnswerNamespace
{
    private static readonly XNamespace s_s3 = "http://s3.amazonaws.com/doc/2006-03-01/";

    public static async Task CompleteAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (!response.IsSuccessStatusCode || response.Content.Headers.ContentType?.MediaType is not ("application/xml" or "text/xml"))
            return;
        XElement root;
        try
        {
            root = XElement.Parse(await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (XmlException)
        {
            return; // The client says what it cannot read.
        }
        if (root.Name.Namespace == s_s3 || !root.Name.LocalName.EndsWith("Result", StringComparison.Ordinal))
            return;
        foreach (var element in root.DescendantsAndSelf())
        {
            element.Attributes().Where(a => a.IsNamespaceDeclaration).Remove();
            element.Name = s_s3 + element.Name.LocalName;
        }
        response.Content = new StringContent(root.ToString(SaveOptions.DisableFormatting), Encoding.UTF8, "application/xml");
    }
}
